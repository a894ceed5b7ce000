"""The web application: pages, REST API, services and the tables under them."""
