"""The attune-admin command line, one file a command group. What people wrote stays hidden."""
