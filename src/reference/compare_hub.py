"""Python's huggingface_hub and `merapi download` on one cache, against a local server that plays the hub.

The server has one repository, org/name: the files of a folder (small ones with git's SHA-1 as ETag; large ones with X-Linked-Etag, X-Linked-Size
and X-Xet-Hash, and a redirect to another host), a renamed repository, org/old (a relative redirect), and a branch refs/pr/1.

- what Python's snapshot_download brought, Merapi finds: offline, by refs, and online with one question and no content
- what transformers' AutoModel brought (config and weights alone), Merapi completes without the weights
- what Merapi brought, Python finds: the same tree of blobs, refs and snapshots, local_files_only, and online without content
- a download that either left unfinished is finished by the other

Exits with 1 if anything differs.

    python src/reference/compare_hub.py FOLDER [--merapi CMD]        # FOLDER: any small model with its tokenizer
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from claims import ROOT
from compare_real import Report

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 5000  # bytes
PYTHON = """
import json, sys, huggingface_hub
what, name, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
if what == "snapshot":
    print(huggingface_hub.snapshot_download(name, **options))
else:
    from transformers import AutoModel
    print(sum(p.numel() for p in AutoModel.from_pretrained(name, **options).parameters()))
"""


class Hub:
    def __init__(self, folder):
        self.files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
        self.requests = []
        self.cut = None  # bytes after which a large file ends
        servers = [ThreadingHTTPServer(("127.0.0.1", 0), self.handler(answer)) for answer in (self.hub, self.storage)]
        self.endpoint, self.elsewhere = (f"http://{host}:{s.server_port}" for host, s in zip(("127.0.0.1", "localhost"), servers))
        for server in servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def handler(self, answer):
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path = unquote(self.path.split("?")[0])
                hub.requests.append((self.command, path))
                status, headers, body = answer(path, self.headers)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body if hub.cut is None or answer != hub.storage else body[: hub.cut])

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        return Handler

    def etag(self, content):
        if len(content) > LARGE:
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    def entry(self, path, content):
        entry = {"type": "file", "oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(), "size": len(content), "path": path}
        if len(content) > LARGE:
            entry["lfs"] = {"oid": self.etag(content), "size": len(content), "pointerSize": 130}
        return entry

    def hub(self, path, headers):
        for start in ("/org/old/", "/api/models/org/old"):
            if path.startswith(start):
                return 307, {"Location": path.replace("/old", "/name", 1)}, b""
        if path.startswith("/api/models/org/name/tree/"):
            return 200, {"Content-Type": "application/json"}, json.dumps([self.entry(*item) for item in self.files.items()]).encode()
        if path.startswith("/api/models/org/name"):
            info = {"id": "org/name", "modelId": "org/name", "sha": COMMIT, "siblings": [{"rfilename": name} for name in self.files]}
            return 200, {"Content-Type": "application/json"}, json.dumps(info).encode()
        revision, _, name = path.removeprefix("/org/name/resolve/").removeprefix("refs/pr/1").partition("/")
        if not path.startswith("/org/name/resolve/") or name not in self.files:
            return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, b""
        content = self.files[name]
        common = {"X-Repo-Commit": COMMIT, "ETag": f'"{self.etag(content)}"', "Accept-Ranges": "bytes"}
        if len(content) <= LARGE:
            return 200, common, content
        linked = {"X-Linked-Etag": common["ETag"], "X-Linked-Size": str(len(content)), "ETag": '"a redirect"'}
        return 302, common | linked | {"Location": f"{self.elsewhere}/{name}", "X-Xet-Hash": "ab" * 32}, b""

    def storage(self, path, headers):
        content = self.files[path[1:]]
        if "Authorization" in headers:
            return 400, {}, b"a token that should have stayed at home"
        start = int(headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        if start == 0:
            return 200, {"Content-Length": str(len(content))}, content
        rest = content[start:]
        return 206, {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}, rest

    def asked(self, work):
        """What `work` gives, and the requests that it made."""
        before = len(self.requests)
        return work(), self.requests[before:]


class People:
    """Both, with one cache."""

    def __init__(self, hub, cache, merapi):
        drop = [name for name in os.environ if name.startswith("HF_")]
        self.env = {name: value for name, value in os.environ.items() if name not in drop}
        self.env |= {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(cache), "HF_TOKEN": "hf_secret", "HF_HUB_DISABLE_XET": "1"}
        self.hub, self.command = hub, merapi

    def run(self, command, **env):
        done = subprocess.run(command, env=self.env | env, capture_output=True, text=True)
        return done.stdout.strip().splitlines()[-1] if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr.strip()[-400:]}"

    def merapi(self, *arguments, **env):
        return self.run([self.command, *arguments], **env)

    def python(self, what, name="org/name", **options):
        return self.run([sys.executable, "-c", PYTHON, what, name, json.dumps(options)])


def tree(cache):
    root = cache / "hub/models--org--name"
    entries = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            entries[name] = os.readlink(path)
        elif path.is_file() and not name.startswith((".no_exist/", "trees/")):
            entries[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return entries


def content(requests):
    return [path for method, path in requests if method == "GET" and not path.startswith("/api/")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--merapi", default=str(ROOT / "merapi"))
    args = parser.parse_args()
    report, hub = Report(), Hub(args.folder)
    with tempfile.TemporaryDirectory() as temporary:
        caches = [Path(temporary, name) for name in ("python", "merapi", "automodel", "cut-by-python", "cut-by-merapi")]
        of_python, of_merapi, of_automodel, cut_by_python, cut_by_merapi = [People(hub, cache, args.merapi) for cache in caches]

        folder = of_python.python("snapshot")
        found, asked = hub.asked(lambda: of_python.merapi("download", "org/name", HF_HUB_OFFLINE="1"))
        report.check("Python's cache, offline", found == folder and not asked, found)
        found, asked = hub.asked(lambda: of_python.merapi("download", "org/name"))
        report.check("Python's cache, online", found == folder and asked == [("GET", "/api/models/org/name/revision/main")], asked)

        found, _ = hub.asked(lambda: of_merapi.merapi("download", "org/name"))
        report.check("Merapi's cache", Path(found).is_dir(), found)
        ours, theirs = tree(caches[1]), tree(caches[0])
        strange = {name: (ours.get(name), theirs.get(name)) for name in ours if ours[name] != theirs.get(name)}
        report.check("the same blobs, refs and snapshots", ours and not strange, f"{len(ours)} of {len(theirs)} {strange or ''}")
        again, asked = hub.asked(lambda: of_merapi.python("snapshot", local_files_only=True))
        report.check("Merapi's cache, Python without network", again == found and not asked, again)
        count, asked = hub.asked(lambda: of_merapi.python("model"))
        report.check("Merapi's cache, transformers online", count.isdigit() and not content(asked), f"{count} weights, content {content(asked)}")

        count = of_automodel.python("model")
        _, asked = hub.asked(lambda: of_automodel.merapi("inspect", "org/name", "--json"))
        weights = [path for path in content(asked) if path.endswith((".safetensors", ".bin"))]
        report.check("AutoModel's cache is completed", count.isdigit() and content(asked) and not weights, content(asked))
        _, asked = hub.asked(lambda: of_automodel.merapi("inspect", "org/name", "--json"))
        report.check("… once", not asked, asked)

        moved = of_merapi.merapi("download", "org/old", "--revision", "refs/pr/1", "--json")
        report.check("a renamed model and a branch with slashes", f'"commit":"{COMMIT}"' in moved, moved)
        ref = caches[1] / "hub/models--org--old/refs/refs/pr/1"
        report.check("its ref", ref.exists() and ref.read_text() == COMMIT, ref.name)
        report.check("Python finds it", of_merapi.python("snapshot", "org/old", revision="refs/pr/1", local_files_only=True).endswith(COMMIT), "")

        hub.cut = 4000
        broken = cut_by_merapi.merapi("download", "org/name")
        hub.cut = None
        fine = cut_by_merapi.python("model")
        report.check("Python finishes what Merapi began", broken.startswith("exit code 1") and fine == count, f"{broken[:100]} … {fine}")
        hub.cut = 4000
        broken = cut_by_python.python("snapshot")
        hub.cut = None
        fine = cut_by_python.merapi("download", "org/name")
        report.check("Merapi finishes what Python began", "exit code" in broken and Path(fine).is_dir(), fine)
    sys.exit(report.failed)


if __name__ == "__main__":
    main()
