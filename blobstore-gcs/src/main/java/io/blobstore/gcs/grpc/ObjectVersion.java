package io.blobstore.gcs.grpc;

/** One generation of an object, by the object's name. */
record ObjectVersion(String object, long generation) {}
