/**
 * Cloud Storage in the JVM of the tests: {@link io.blobstore.gcs.fake.FakeGcs} implements the requests of the JSON API
 * and of the XML API that the store and the SDK send, stores objects in memory, and injects faults. Part of the
 * test-jar.
 *
 * <p>May depend on {@code io.blobstore}, the scripted server of {@code io.blobstore.http}'s tests, Gson, Google's
 * authentication library and the JDK. Does not depend on the store.
 */
@NullMarked
package io.blobstore.gcs.fake;

import org.jspecify.annotations.NullMarked;
