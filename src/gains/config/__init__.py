"""The settings in ``config.yaml`` and in the files of studies: one module per section."""
