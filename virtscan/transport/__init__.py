"""Programs run here or by ssh, and the sections that a shell probe prints."""
