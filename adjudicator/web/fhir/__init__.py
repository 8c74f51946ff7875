"""The FHIR R4 server: facilities send claims and ask questions, and are answered at once.

The way of a request, one room a step:

* :mod:`adjudicator.web.fhir.app` puts the routes together and serves them;
* :mod:`adjudicator.web.fhir.service` is what every request goes through: who asks, how often, how much;
  what goes wrong becomes an ``OperationOutcome``, and who read or wrote what is written down;
* :mod:`adjudicator.web.fhir.callers` knows tokens and rates, :mod:`adjudicator.web.fhir.bodies` reads bodies
  in bounds, :mod:`adjudicator.web.fhir.replies` writes answers;
* :mod:`adjudicator.web.fhir.claims`, :mod:`~adjudicator.web.fhir.eligibility`,
  :mod:`~adjudicator.web.fhir.validation` and :mod:`~adjudicator.web.fhir.bulk` answer; what takes long is a
  job of :mod:`~adjudicator.web.fhir.bulk_jobs`;
* :mod:`adjudicator.web.fhir.desk` is between them and the books: threads that read, and one that decides;
* :mod:`adjudicator.web.fhir.capability` says what there is, from the list that the routes are made of.
"""
