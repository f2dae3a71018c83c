"""Settings of systemd: services that start at boot, and .link files of udev."""
