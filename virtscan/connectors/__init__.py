"""Where hypervisors are read: each connector fills a `HostDraft`, which its deadline closes."""
