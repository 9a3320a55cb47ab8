"""The field app of meter readers (现场抄表): shell, service worker and manifest as they were built."""
