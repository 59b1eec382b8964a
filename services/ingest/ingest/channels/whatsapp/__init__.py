"""WhatsApp Business by Meta's Cloud API: signed webhooks in, Graph API requests out."""
