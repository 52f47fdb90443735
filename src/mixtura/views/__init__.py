"""Pictures and pages of a mixture."""
