"""The data plane: from a topology to namespaces, links, routes and packet filters."""
