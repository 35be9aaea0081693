"""What answers over HTTP: for now the webhook receiver."""
