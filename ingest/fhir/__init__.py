"""FHIR R4 in: claims and registers as facilities send them, read strictly, or set aside with reasons.

The way of a resource, one room a step:

* :mod:`ingest.fhir.files` finds resources in files: single JSON, Bundles, NDJSON, bulk-data manifests,
  plain or gzip; bounded in size, ratio, depth and memory;
* :mod:`ingest.fhir.scan` looks at the bytes once, compiled: is this JSON that has one meaning only?
* :mod:`ingest.fhir.structs` are the types of R4, generated; :mod:`ingest.fhir.quick` decodes into them
  and says yes, or nothing;
* :mod:`ingest.fhir.thorough` looks at whatever the quick way did not say yes to, and says all that is
  wrong;
* :mod:`ingest.fhir.rules` is the check list beyond types that every way shares: links, sums, currency;
* :mod:`ingest.fhir.claim` and :mod:`ingest.fhir.registers` map resources to our tables, as a
  :mod:`ingest.fhir.profile` of the sender says;
* :mod:`ingest.fhir.outcome` tells what is wrong as an ``OperationOutcome``;
* :mod:`ingest.fhir.referee` does the same by way of ``fhir.resources``, slowly, to be compared with.
"""
