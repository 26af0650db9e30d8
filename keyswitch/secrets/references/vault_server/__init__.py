"""HashiCorp Vault and OpenBao, asked over HTTP as their own CLI asks them."""
