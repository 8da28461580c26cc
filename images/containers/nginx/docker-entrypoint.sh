#!/bin/sh
# Starts what it is asked to start, as process 1.
exec "$@"
