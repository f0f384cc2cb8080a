"""The errors that a user may see. Each message says what went wrong, where, and what to do next.

Anything else that is raised is a bug of ours and keeps its traceback.
"""


class HandsegError(Exception):
    """A failure to explain to the user in one line; `exit_code` is what the process ends with."""

    exit_code = 4


class ConfigError(HandsegError):
    """The command line or a configuration file asks for something that makes no sense."""

    exit_code = 2


class NothingFoundError(HandsegError):
    """The paths that were given hold no photo."""

    exit_code = 3


class DownloadError(HandsegError):
    """A file cannot be fetched, or is not what was to be fetched."""


class DatasetError(HandsegError):
    """A dataset is not there, not whole, or one of its samples cannot be used."""


class CheckpointError(HandsegError):
    """Weights are missing, damaged or of another kind."""


class TrainingError(HandsegError):
    """A training cannot go on."""


class DeviceError(HandsegError):
    """A device or a runtime was asked for that this machine does not have."""


class ImageError(HandsegError):
    """One input cannot be read; the others go on."""


class OutputError(HandsegError):
    """A result cannot be written."""


class DiskFullError(OutputError):
    """No space is left, so that going on would fail for every input."""

    exit_code = 5
