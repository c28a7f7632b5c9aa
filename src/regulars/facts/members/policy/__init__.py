"""Pure decisions about members: what an identifier, a profile and a custom field may hold."""
