"""Functions in JavaScript: the host's Node.js under a client of the Runtime API."""
