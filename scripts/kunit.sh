#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the series' KUnit suites under User Mode Linux by the kernel's kunit.py.

. "$(dirname "$0")/lib.sh"

make_options=()
command -v ccache >/dev/null && make_options=(--make_options 'CC=ccache gcc')

cd "$LINUX"
python3 tools/testing/kunit/kunit.py run --build_dir=uml --jobs="$JOBS" \
	--kunitconfig="$TOP/configs/kunit.config" "${make_options[@]}"
