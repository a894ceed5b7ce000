"""The whole product on one machine: what `make up` starts, watches and stops."""
