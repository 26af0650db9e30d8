"""The services of AWS that moto plays, over HTTP on the loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import botocore.session

from tests.diagnosis.servers import closed_port

KEY = "sk-FAKE-EXAMPLE-aws"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAFAKEFAKEEXAMPLE0",
    "AWS_SECRET_ACCESS_KEY": "FAKE-aws-secret-EXAMPLE",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",  # what version 1 of the tool reads
}


class MotoServer:
    """A `moto_server` of its own process; what it has is in its memory."""

    def __init__(self, folder):
        self.folder = folder
        self.port = closed_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {**KEYS, "AWS_ENDPOINT_URL": self.url}

    def __enter__(self):
        self._log = (self.folder / "moto.log").open("wb")
        self._process = subprocess.Popen(
            [shutil.which("moto_server"), "-H", "127.0.0.1",
             "-p", str(self.port)],
            cwd=self.folder, stdout=self._log, stderr=subprocess.STDOUT,
            env={"HOME": str(self.folder), "PATH": os.defpath, **KEYS},
        )  # fmt: skip
        for _ in range(300):
            try:
                with urllib.request.urlopen(self.url, timeout=5):
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        else:
            raise TimeoutError((self.folder / "moto.log").read_text())
        self._fill()
        return self

    def __exit__(self, *unused):
        self._process.terminate()
        self._process.wait(10)
        self._log.close()

    def _fill(self):
        secrets = self.client("secretsmanager")
        made = secrets.create_secret(Name="eng/text", SecretString=f"{KEY}\n")
        self.arn = made["ARN"]
        pair = json.dumps({"key": KEY, "number": 5, "nested": {"a": 1}})
        secrets.create_secret(Name="eng/json", SecretString=pair)
        secrets.create_secret(Name="eng/bytes", SecretBinary=b"\0FAKE")
        secrets.create_secret(Name="eng/gone", SecretString=KEY)
        secrets.delete_secret(SecretId="eng/gone", RecoveryWindowInDays=7)
        far = self.client("secretsmanager", "us-west-2")
        made = far.create_secret(Name="far", SecretString="FAKE-far")
        self.far_arn = made["ARN"]
        parameters = self.client("ssm")
        parameters.put_parameter(
            Name="/eng/key", Value=KEY, Type="SecureString", KeyId="alias/own"
        )
        parameters.put_parameter(
            Name="/eng/plain", Value="FAKE-plain", Type="String"
        )

    def client(self, service, region=KEYS["AWS_REGION"]):
        """Return a client of botocore's, past keyswitch."""
        session = botocore.session.Session()
        session.set_credentials(
            KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"]
        )
        return session.create_client(
            service, region_name=region, endpoint_url=self.url
        )
