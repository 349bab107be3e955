// SPDX-License-Identifier: MIT
// Errors of the API in plain words.
import { t } from "./texts.js";

const KNOWN = [0, 400, 401, 408, 413, 415, 421, 422, 500, 503, 507];

// status -1: of this page itself.
export function explain(problem) {
  if (KNOWN.includes(problem.status))
    return t(`problem_${problem.status}`);
  return problem.status < 0 ? t("problem_page", { detail: problem.message })
    : t("problem_other", { status: problem.status });
}
