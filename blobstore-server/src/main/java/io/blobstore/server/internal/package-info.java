/** What the endpoints of a server share: work on the cache, access control, counts, limits. */
@NullMarked
package io.blobstore.server.internal;

import org.jspecify.annotations.NullMarked;
