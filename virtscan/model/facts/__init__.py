"""Facts as they were observed: hypervisors, servers, boot records, resources."""
