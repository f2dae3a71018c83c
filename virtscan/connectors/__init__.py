"""Sources of hypervisors: each connector fills a `HostDraft`, which its deadline closes."""
