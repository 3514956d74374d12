"""Evaluation of IAM policies, as AWS documents it. Pure: documents and a request give a decision."""
