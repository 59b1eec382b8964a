"""The desk's HTTP and WebSocket surface. Who calls is settled in `gate`, what is shown in `views`."""
