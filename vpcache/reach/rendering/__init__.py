"""Reports as text, JSON, Markdown and SARIF. Pure."""
