"""The embedded Hub: a server speaking the Hugging Face Hub's HTTP protocol, for a first run, tests, air-gapped sites.

What starts and finds a server is here, and light; the application it serves is `factory.local_hub.app`.
"""

from factory.local_hub.local import LocalHub
from factory.local_hub.serving import serve
from factory.local_hub.users import User, load_users

__all__ = ["LocalHub", "User", "load_users", "serve"]
