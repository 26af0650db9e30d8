@echo off
"%~dp0python.exe" -m keyswitch %*
