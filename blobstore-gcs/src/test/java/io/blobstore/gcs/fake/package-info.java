/**
 * Cloud Storage in the JVM of the tests: {@link io.blobstore.gcs.fake.FakeGcs} speaks as much of the JSON API and of
 * the XML API as the store and the SDK need, keeps objects in memory, and fails as it is told. Shipped in the test-jar.
 *
 * <p>May depend on {@code io.blobstore}, Gson, Google's authentication library and the JDK. Knows nothing of the store.
 */
@NullMarked
package io.blobstore.gcs.fake;

import org.jspecify.annotations.NullMarked;
