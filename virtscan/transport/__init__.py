"""Programs run on this machine or over ssh, libvirt URIs, and the sections that a shell script prints."""
