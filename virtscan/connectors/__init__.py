"""Where hypervisors are read: each connector fills a `Reading`, which its deadline closes."""
