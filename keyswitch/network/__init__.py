"""HTTP requests, stage by stage: names, sockets, TLS, proxies, deadlines."""
