"""The execution of functions: processes with AWS's runtime client in their interfaces' namespaces."""
