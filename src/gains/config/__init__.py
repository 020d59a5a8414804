"""What ``config.yaml`` and study files may say: one module per section."""
