#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the series' KUnit suites under User Mode Linux by the kernel's kunit.py.
# KUNIT_ARGS: more for kunit.py, as a suite's name, or for a night's run
# "--raw_output --timeout=1500 --kernel_args=oom_score_test.populations=100000 oom_score".

. "$(dirname "$0")/lib.sh"

read -r -a args <<< "${KUNIT_ARGS:-}"
make_options=()
command -v ccache >/dev/null && make_options=(--make_options 'CC=ccache gcc')

cd "$LINUX"
python3 tools/testing/kunit/kunit.py run --build_dir=uml --jobs="$JOBS" \
	--kunitconfig="$TOP/configs/kunit.config" "${make_options[@]}" "${args[@]}"
