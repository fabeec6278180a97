"""schema.py SLIPWAY FIXTURES: checks `slipway config schema` with an independent implementation of JSON Schema."""
import glob
import json
import os
import subprocess
import sys

import jsonschema
import yaml

slipway, fixtures = sys.argv[1:]
# Words and tags that this reader of YAML takes otherwise.
OTHERWISE = {"18-command-date.yaml", "meta-all.yaml", "tags.yaml"}


def documents(path):
    with open(path) as file:
        return [document for document in yaml.safe_load_all(file) if document is not None]


schema = json.loads(subprocess.run([slipway, "config", "schema"], capture_output=True, text=True, check=True).stdout)
jsonschema.Draft202012Validator.check_schema(schema)
print("ok 1 - the schema is one")
validator = jsonschema.Draft202012Validator(schema)

good = [path for path in glob.glob(fixtures + "/good/*.yaml") + glob.glob(fixtures + "/page/*/werf.yaml")
        if "giterminism" not in path and os.path.basename(path) not in OTHERWISE and "{{" not in open(path).read()]
for path in good:
    for document in documents(path):
        for error in validator.iter_errors(document):
            sys.exit(f"FAILED: {path}: {error.message}")
print(f"ok 2 - {len(good)} good files are valid")

unknown = []
for path in sorted(glob.glob(fixtures + "/bad/*.yaml")):
    expected = path.removesuffix(".yaml") + ".expected"
    if os.path.exists(expected) and "unknown key" in open(expected).read():
        try:
            unknown.append((path, documents(path)))
        except yaml.YAMLError:
            pass
missed = [path for path, found in unknown if all(map(validator.is_valid, found))]
if missed or len(unknown) < 20:
    sys.exit(f"FAILED: unknown keys in {missed or len(unknown)}")
print(f"ok 3 - unknown keys are refused in {len(unknown)} files")
