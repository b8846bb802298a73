"""What all tests share: the order in which two libraries are loaded."""

# TensorFlow brings curl symbols of its own; loaded first, it takes curl_cffi's place
# and Yahoo's client can't imitate a browser any more. In a run only the process slots
# load TensorFlow; here tests of both share one process.
import curl_cffi  # noqa: F401
