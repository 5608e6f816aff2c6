"""Keys and certificates for tests, made by openssl in a folder of their own."""
import os
import subprocess
import tempfile


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """Signs certificates; `certificate` is the file that makes others trust those."""

    def __init__(self, name="test authority"):
        self.folder = tempfile.TemporaryDirectory(prefix="troupe-e2e-tls-")
        self.key, self.certificate = self.path("authority.key"), self.path("authority.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def issue(self, name, hosts="IP:127.0.0.1,DNS:localhost"):
        """The files of a key and its certificate, and of one that holds both."""
        key, request, certificate, both = (self.path(name + end) for end in (".key", ".csr", ".pem", ".both.pem"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={hosts}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", "2", "-copy_extensions", "copy", "-out", certificate)
        with open(both, "w", encoding="ascii") as out:
            for part in (key, certificate):
                with open(part, encoding="ascii") as text:
                    out.write(text.read())
        return key, certificate, both

    def container(self, name, password):
        """A PKCS12 file of what was issued as `name`."""
        out = self.path(name + ".p12")
        openssl("pkcs12", "-export", "-inkey", self.path(name + ".key"), "-in", self.path(name + ".pem"),
                "-out", out, "-passout", "pass:" + password)
        return out

    def close(self):
        self.folder.cleanup()
