// RUN: tfc-opt %s -tfc-print-effects=format=xml -verify-diagnostics

// expected-error @below {{unknown format 'xml', expected text, dot or json}}
module {
}
