"""What a ResNet costs and does. Every analysis takes a spec and returns numbers."""

from analysis.profile import Profile, profile

__all__ = ["Profile", "profile"]
