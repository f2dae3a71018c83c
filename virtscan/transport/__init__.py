"""Programs run on this machine or over SSH, libvirt URIs, and the sections that a shell script prints."""
