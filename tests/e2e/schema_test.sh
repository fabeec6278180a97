# The schema of werf.yaml for editors, read by a validator that is not ours.
. "$(dirname "$0")/lib.sh"
python3 "$(dirname "$0")/schema.py" "$SLIPWAY" "$E2E_SOURCE/tests/fixtures/config"
