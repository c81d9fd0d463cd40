/** The file that pages include: puts the names on the window. */
import { Client } from '../../index';
import { install } from './index';

install(globalThis as unknown as Record<string, unknown>, (options) => new Client(options));

export { install } from './index';
