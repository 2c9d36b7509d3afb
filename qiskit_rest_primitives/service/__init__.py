"""What an account offers: the service and its sessions."""
