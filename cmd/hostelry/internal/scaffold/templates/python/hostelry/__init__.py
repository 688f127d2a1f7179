"""What a Hostelry plugin in Python needs: main, Kind, Host, Failure and Stopped.

The package is shared/proto/PROTOCOL.md in Python; the names in brackets in its
comments are that page's rules. Copy the folder beside a plugin of your own. It needs
Linux, Python 3.11, and the distribution's python3-grpcio 1.51 and python3-protobuf 3.21.
"""

try:
    import grpc as _  # noqa: F401
    import google.protobuf as _  # noqa: F401
except ImportError as missing:
    raise ImportError(f"{missing}: install python3-grpcio and python3-protobuf, and use /usr/bin/python3") from missing

from .host import Failure, Host, Stopped
from .plugin import Kind, main

__all__ = ["Failure", "Host", "Kind", "Stopped", "main"]
