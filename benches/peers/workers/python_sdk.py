"""The Python SDK's worker: `python_sdk.py KEY-FILE`. Its lines are those of `src/lib.rs`."""

import pathlib
import sys
import time

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import AlgorithmSuite, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider

SUITES = {
    "signed": AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384,
    "unsigned": AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
}
# What is read of a stream at a time: of 4 KiB to 1 MiB among the fastest, with short frames and long ones.
PIECE = 64 << 10


class Key(RawMasterKeyProvider):
    """A provider of one raw key."""

    provider_id = "peers"
    wrapping_key = None

    def _get_raw_key(self, key_id):
        return self.wrapping_key


class Worker:
    """Does what the lines ask."""

    def __init__(self, key):
        self.client = aws_encryption_sdk.EncryptionSDKClient()
        self.provider = Key()
        self.provider.wrapping_key = WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=key,
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )
        self.provider.add_master_key(b"key")
        self.input = b""

    def load(self, file):
        """Reads the input of calls to come."""
        self.input = pathlib.Path(file).read_bytes()
        return f"ready {len(self.input)}"

    def whole(self, direction, suite, frame, milliseconds, file):
        """Calls with the loaded bytes until the time is up."""
        call, options = self.client.decrypt, {}
        if direction == "encrypt":
            call, options = self.client.encrypt, writing(suite, frame)
        calls, taken, output = 0, 0, b""
        end = time.perf_counter_ns() + int(milliseconds) * 1_000_000
        while calls == 0 or time.perf_counter_ns() < end:
            del output
            start = time.perf_counter_ns()
            output, _ = call(source=self.input, key_provider=self.provider, **options)
            taken += time.perf_counter_ns() - start
            calls += 1
        if file != "-":
            pathlib.Path(file).write_bytes(output)
        return f"done {taken} {calls} {len(output)}"

    def stream(self, direction, suite, frame, source, file):
        """One stream from a file to another, or to nowhere."""
        options = writing(suite, frame) if direction == "encrypt" else {}
        sink = None if file == "-" else open(file, "wb")
        count, start = 0, time.perf_counter_ns()
        with open(source, "rb") as opened, self.client.stream(
            mode=direction[0], source=opened, key_provider=self.provider, **options
        ) as stream:
            while piece := stream.read(PIECE):
                count += len(piece)
                if sink:
                    sink.write(piece)
        taken = time.perf_counter_ns() - start
        if sink:
            sink.close()
        return f"done {taken} 1 {count}"


def writing(suite, frame):
    """The options of a message that is written."""
    return {"algorithm": SUITES[suite], "frame_length": int(frame)}


def main():
    """Answers every line of standard input."""
    worker = Worker(pathlib.Path(sys.argv[1]).read_bytes())
    for line in sys.stdin:
        request, *words = line.split()
        print(getattr(worker, request)(*words), flush=True)


if __name__ == "__main__":
    main()
