"""Back-translation: engines, there and back through a cache, and filters for what comes back."""
